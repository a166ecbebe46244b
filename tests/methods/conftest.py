import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread():
    """Test processes run side by side: torch threads of one would only wait for those of the others."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
