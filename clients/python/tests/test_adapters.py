"""Frames for the libraries that train; stand-ins of the few names used where a library is not installed."""

import importlib.util
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tidemark import MissingDependencyError, TidemarkError

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")

from tidemark.tensorflow import feature_store_dataset  # noqa: E402
from tidemark.torch import FeatureStoreDataset  # noqa: E402


def frame():
    return pandas.DataFrame(
        {
            "trips": pandas.array([1, None, 3], dtype="Int64"),
            "fare": [0.5, float("nan"), float("inf")],
            "vip": pandas.array([True, None, False], dtype="boolean"),
            "city": ["a", "b", "c"],
            "late": [True, False, True],
        }
    )


@pytest.fixture
def torch(monkeypatch):
    if importlib.util.find_spec("torch") is None:
        stand_in = ModuleType("torch")
        stand_in.from_numpy = lambda array: array
        monkeypatch.setitem(sys.modules, "torch", stand_in)
    return sys.modules.get("torch")


class Slices:
    """What of tf.data.Dataset is used here."""

    def __init__(self, arrays):
        self.arrays, self.calls = arrays, []

    def shuffle(self, size, seed):
        return self.called("shuffle", size, seed)

    def batch(self, size):
        return self.called("batch", size)

    def prefetch(self, size):
        return self.called("prefetch", size)

    def called(self, *call):
        self.calls.append(call)
        return self


@pytest.fixture
def stand_in_tensorflow(monkeypatch):
    stand_in = ModuleType("tensorflow")
    stand_in.data = SimpleNamespace(Dataset=SimpleNamespace(from_tensor_slices=Slices), AUTOTUNE=-1)
    monkeypatch.setitem(sys.modules, "tensorflow", stand_in)


def test_a_pytorch_dataset_has_pairs_of_float32_vectors_and_labels(torch):
    dataset = FeatureStoreDataset(frame(), label="late", features=["trips", "fare", "vip"], fill=-1)
    assert len(dataset) == 3
    vectors = [numpy.asarray(dataset[at][0]) for at in range(3)]
    assert [vector.tolist() for vector in vectors] == [[1, 0.5, 1], [-1, -1, -1], [3, float("inf"), 0]]
    assert {vector.dtype for vector in vectors} == {numpy.dtype("float32")}
    assert [float(dataset[at][1]) for at in range(3)] == [1, 0, 1]
    assert FeatureStoreDataset(frame(), features=["trips"])[0].tolist() == [1]


def test_a_tensorflow_dataset_is_batched_shuffled_by_its_seed_and_prefetched(stand_in_tensorflow):
    dataset = feature_store_dataset(frame(), label="late", features=["trips"], batch_size=2, shuffle_seed=7)
    x, y = dataset.arrays
    assert (x.tolist(), y.tolist()) == ([[1], [0], [3]], [1, 0, 1])
    assert dataset.calls == [("shuffle", 3, 7), ("batch", 2), ("prefetch", -1)]
    assert feature_store_dataset(frame(), features=["trips"]).calls == [("batch", 256), ("prefetch", -1)]


def test_nulls_can_stay_nan_and_texts_are_refused_by_name(torch):
    assert numpy.isnan(FeatureStoreDataset(frame(), features=["trips"], fill=None)[1][0])
    with pytest.raises(TidemarkError, match="city are neither") as raised:
        FeatureStoreDataset(frame(), features=["trips", "city"])
    assert raised.value.code == "client.notNumeric"


def test_rows_without_a_label_and_frames_without_named_features_are_refused(torch):
    unlabelled = frame().assign(late=pandas.array([True, None, None], dtype="boolean"))
    with pytest.raises(TidemarkError, match="2 of 3 rows have no late"):
        FeatureStoreDataset(unlabelled, label="late", features=["trips"])
    with pytest.raises(TidemarkError, match="name the features"):
        FeatureStoreDataset(frame(), label="late")


def test_a_library_that_is_not_there_is_told_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tidemark\[torch\]'") as raised:
        FeatureStoreDataset(frame(), features=["trips"])
    assert isinstance(raised.value, ImportError)


def test_the_client_itself_imports_nothing_but_the_standard_library():
    optional = "{'pandas', 'numpy', 'pyarrow', 'sklearn', 'torch', 'tensorflow', 'boto3', 'requests'}"
    code = f"import sys, tidemark, tidemark.torch, tidemark.tensorflow; print({optional} & set(sys.modules))"
    python_path = {"PYTHONPATH": str(importlib.util.find_spec("tidemark").submodule_search_locations[0]) + "/.."}
    run = subprocess.run([sys.executable, "-c", code], env=python_path, capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("set()", "")
