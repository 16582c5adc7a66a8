"""Networks: tensors in, tensors out; one training loop for all."""
