"""The benchmark's object has the promised shape; its speeds are nobody's assertion."""

from anju_hub.core import bench


def test_the_object_is_complete(monkeypatch):
    monkeypatch.setattr(bench, "HOMES", 20)
    monkeypatch.setattr(bench, "MINUTES", 200)
    monkeypatch.setattr(bench, "LOG_HOMES", 2)
    monkeypatch.setattr(bench, "LOG_DAYS", 1)
    said = []
    result = bench.run(said.append)
    assert result["bench"] == "core" and said
    assert set(result["ratios"]) == {"dense_vs_hmmlearn_c", "sparse_vs_hmmlearn_c"}
    assert all(
        result["results"]["anju"][name] > 0 for name in ("bytes_per_home", "rows_per_s", "learned_bytes_per_home")
    )


def test_a_running_home_is_small():
    assert bench.bytes_per_home()["bytes_per_home"] <= 600
