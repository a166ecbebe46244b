"""Programs that evaluate a method of their own with two processes, however they are run."""

EVALUATE = """
import numpy as np
import merlab

BIAS = 1.0

class Nearest:
    \"\"\"The class whose mean is nearest.\"\"\"

    def fit(self, inputs, labels):
        self.means = np.stack([inputs[labels == each].mean(axis=0).ravel() for each in range(labels.max() + 1)])

    def predict_proba(self, inputs):
        distances = ((inputs.reshape(len(inputs), 1, -1) - self.means) ** 2).sum(axis=-1)
        weights = np.exp(BIAS * (distances.min(axis=1, keepdims=True) - distances))
        return weights / weights.sum(axis=1, keepdims=True)

clips = merlab.load("ststnet-flow", FLOW)
methods = {"nearest": Nearest(), "chance": "random"}
results = merlab.evaluate(clips, methods, scheme="megc2019", seeds=2, jobs=JOBS, cache=CACHE, progress=False)
print(results.predictions.drop(columns="run").to_json())
"""


def evaluate_program(flow: object, cache: object, jobs: int) -> str:
    """A program that prints the predictions of a method that it defines itself, as JSON."""
    return f"FLOW, CACHE, JOBS = {str(flow)!r}, {str(cache)!r}, {jobs}\n" + EVALUATE
