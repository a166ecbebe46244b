"""The words in the titles of maps."""

ATTENTION, GRAD_CAM = "attention", "Grad-CAM"
GLOBAL, LOCAL, OTHER = "global branch", "local branch", "last convolution"
