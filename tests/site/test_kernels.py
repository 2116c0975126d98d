"""The kernels of the pages' cells: their connection is encrypted."""

from __future__ import annotations

import pytest
import zmq
from jupyter_client.manager import KernelManager

from evenhand.sphinx.kernels import OPTION
from tiny_project import Project

CELL = """---
file_format: mystnb
kernelspec: {name: python3}
---
# Other

```{code-cell} python
print("from the", "kernel")
```
"""


@pytest.mark.skipif(
    OPTION not in KernelManager.class_traits() or not zmq.has("curve"), reason="this Jupyter cannot encrypt"
)
def test_a_kernel_does_not_warn_about_its_connection(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("docs/other.md", CELL)
    assert project.build().status == 0
    assert "from the kernel" in project.page("other")
    assert "without encryption" not in capfd.readouterr().err
