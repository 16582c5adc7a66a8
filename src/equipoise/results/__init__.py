"""The store of a run and the values that go into it: where writers and readers meet."""
