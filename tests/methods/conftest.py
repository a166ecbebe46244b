import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread():
    """Test processes run in parallel, so more than one torch thread per process would only slow them down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
