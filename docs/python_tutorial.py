# SPDX-License-Identifier: BSD-2-Clause
# %% [markdown]
# # A pump, its faults, and a camera
#
# From normal rows to alarms that explain themselves, in Python. Editors that know cells (`# %%`) run this file cell by
# cell, as a notebook; as a program, `python3 docs/python_tutorial.py [FOLDER]`, it writes its figures into FOLDER. All data
# are simulated here. It takes a few seconds, and `aepred`, NumPy and Matplotlib; scikit-learn for the comparison at the end.

# %%
import sys
import tempfile
from pathlib import Path

import aepred
import matplotlib.pyplot as plt
import numpy as np

FOLDER = Path(sys.argv[1] if len(sys.argv) == 2 else ".")
GREY, BLUE, RED = "#9aa0a6", "#1f6fb2", "#c8372d"
plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True})


def save(figure, name):
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / f"gallery-{name}.png", dpi=90)


# %% [markdown]
# ## The data
#
# Six sensors of a pump. Its operator chooses the speed, the season the temperature of the water, and all else follows from
# the two, with noise that grows with the speed.

# %%
SENSORS = ["speed", "flow", "pressure", "power", "motor", "vibration"]
random = np.random.default_rng(1)


def pump(n):
    """n normal rows of float32, which the library reads without a copy."""
    speed, water = random.uniform(0.3, 1, n), random.normal(12, 4, n)
    noise = random.normal(0, 0.02, (5, n)) * (0.3 + 2 * speed**2)
    flow = 20 * speed * (1 + noise[0])
    pressure = 6 * speed**2 * (1 + noise[1])
    power = 2 * speed**3 + 0.3 + noise[2]
    motor = water + 30 * power * (1 + noise[3]) / (0.5 + speed)
    vibration = 0.4 * speed + np.abs(noise[4]) * 5
    return np.stack([speed, flow, pressure, power, motor, vibration], axis=1).astype(np.float32)


def leak(rows):
    rows[:, SENSORS.index("flow")] *= 0.85


def clog(rows):
    rows[:, SENSORS.index("flow")] *= 0.9
    rows[:, SENSORS.index("pressure")] *= 1.12


def bearing(rows):
    rows[:, SENSORS.index("motor")] += 8
    rows[:, SENSORS.index("vibration")] += 0.15


def stuck(rows):
    rows[:, SENSORS.index("pressure")] = rows[0, SENSORS.index("pressure")]


FAULTS = {"leak": leak, "clogged filter": clog, "worn bearing": bearing, "stuck sensor": stuck}


def faulty(fault, n):
    rows = pump(n)
    FAULTS[fault](rows)
    return rows


train, held_back = pump(4000), pump(2000)
test = [pump(1600), *(faulty(fault, 100) for fault in FAULTS)]
kinds = np.repeat(["normal", *FAULTS], [len(rows) for rows in test])
X_test = np.concatenate(test)
is_fault = kinds != "normal"

# %% [markdown]
# Each sensor alone looks normal in most faults; what is wrong is how the sensors go together.

# %%
figure, axes = plt.subplots(1, 3, figsize=(8, 2.6))
for axis, y in zip(axes, ["flow", "pressure", "motor"]):
    x_values, y_values = X_test[:, 0], X_test[:, SENSORS.index(y)]
    axis.plot(x_values[~is_fault], y_values[~is_fault], ".", color=GREY, ms=2, label="normal")
    axis.plot(x_values[is_fault], y_values[is_fault], ".", color=RED, ms=2, label="faults")
    axis.set(xlabel="speed", ylabel=y)
axes[0].legend(frameon=False, markerscale=4)
save(figure, "data")

# %% [markdown]
# ## Training
#
# On normal rows alone. Options are keyword arguments; `aepred.options()` lists them with their bounds and presets. The code
# has two variables, since two things move this pump. Of `fit`'s rows a tenth is held back to choose the best epoch.

# %%
model = aepred.Model(len(SENSORS), encoder=(32, 16, 2), head=(32, 16), epochs=150, batch=128, validation=0.1, learning_rate=3e-3,
                     columns=[aepred.Column(name) for name in SENSORS], seed=1)
model.fit(train)
print(model, f"after {model.stats['epochs']:.0f} epochs")

history = model.history
figure, axis = plt.subplots(figsize=(4, 2.6))
axis.semilogy(history["loss"], color=BLUE, label="training")
axis.semilogy(history["loss_validation"], color=RED, lw=1, label="validation")
axis.set(xlabel="epoch", ylabel="loss")
axis.legend(frameon=False)
save(figure, "training")

# %% [markdown]
# ## What the model learned
#
# An autoencoder squeezes each row through the two variables of the code and rebuilds it. A second network, the head,
# predicts from the code how large the error of that will be. A row is strange if the error is not as predicted. Nobody told
# the code which sensor the others follow, but it arranges the rows by speed.

# %%
codes = model.encode(X_test)
errors, predicted = model.errors(X_test)
figure, axes = plt.subplots(1, 2, figsize=(8, 3))
dots = axes[0].scatter(*codes[~is_fault].T, c=X_test[~is_fault, 0], s=4, cmap="viridis")
figure.colorbar(dots, ax=axes[0], label="speed")
axes[0].set(xlabel="first latent variable", ylabel="second latent variable")
axes[1].plot(predicted[~is_fault], errors[~is_fault], ".", color=GREY, ms=2, label="normal")
axes[1].plot(predicted[is_fault], errors[is_fault], ".", color=RED, ms=2, label="faults")
axes[1].axline((0, 0), slope=1, color="black", lw=0.8)
axes[1].set(xlabel="predicted error", ylabel="error", ylim=(0, np.quantile(errors, 0.99)))
axes[1].legend(frameon=False, markerscale=4)
save(figure, "latent")

# %% [markdown]
# ## From scores to alarms
#
# `calibrate` takes normal rows that the training did not see, and sets the threshold so that a share of them, the alarm rate,
# lies above. A p-value says how rare a score is among normal rows.

# %%
model.calibrate(held_back)
scores = model.score(X_test)
alarms = model.predict(scores)
p_values = model.pvalue(scores)
print(f"threshold {model.threshold:.3f}; alarms in normal rows: {alarms[~is_fault].mean():.3f}, in faults: {alarms[is_fault].mean():.3f}")

figure, axis = plt.subplots(figsize=(8, 2.6))
bins = np.geomspace(scores.min() + 1e-4, scores.max(), 60)
axis.hist(scores[~is_fault], bins, color=GREY, label="normal")
axis.hist([scores[kinds == kind] for kind in FAULTS], bins, stacked=True, label=list(FAULTS))
axis.axvline(model.threshold, color="black", lw=1)
axis.set(xscale="log", xlabel="score; the line is the threshold", ylabel="rows")
axis.legend(frameon=False, fontsize=8)
save(figure, "scores")

# %% [markdown]
# Rows can also come one by one, as from a live pump: a call for one row takes microseconds. Here a leak opens slowly.

# %%
live = pump(600)
live[200:, SENSORS.index("flow")] *= np.linspace(1, 0.5, 400, dtype=np.float32)
stream = np.concatenate([model.score(live[i : i + 1]) for i in range(len(live))])
assert np.array_equal(stream, model.score(live))  # bit for bit what a batch gives

figure, axis = plt.subplots(figsize=(8, 2.2))
axis.semilogy(stream, color=GREY, lw=0.6)
flagged = np.flatnonzero(model.predict(stream))
axis.semilogy(flagged, stream[flagged], ".", color=RED, ms=4)
axis.axhline(model.threshold, color="black", lw=0.8)
axis.axvline(200, color=BLUE, lw=1)
axis.set(xlabel="row; the leak starts at the line", ylabel="score")
save(figure, "stream")

# %% [markdown]
# ## Which sensor was it
#
# `explain` gives the share of each column in the score. It shows where row and model disagree, which is often, but not always,
# where the fault is.

# %%
shares = np.array([model.explain(X_test[(kinds == kind) & alarms]).mean(axis=0) for kind in FAULTS])
figure, axis = plt.subplots(figsize=(5.5, 2.4))
picture = axis.imshow(shares, cmap="Reds", vmin=0)
axis.set_xticks(range(len(SENSORS)), SENSORS)
axis.set_yticks(range(len(FAULTS)), FAULTS)
figure.colorbar(picture, label="share of the score")
save(figure, "explain")

# %% [markdown]
# ## Words and missing values
#
# Columns with levels take their codes 0, 1, 2, ...; missing values are NaN, and refused unless `missing="impute"` says that
# they are part of the data.

# %%
season = (random.random(len(train)) > 0.5).astype(np.float32)
mixed = np.column_stack([train[:, :2], season])
mixed[::50, 1] = np.nan
columns = [aepred.Column("speed"), aepred.Column("flow"), aepred.Column("season", ["summer", "winter"])]
with_words = aepred.Model(3, columns=columns, missing="impute", epochs=20, seed=1)
with_words.fit(mixed)
print(with_words.columns[2], with_words.score(mixed[:2]))

# %% [markdown]
# ## Keeping the model
#
# One file holds columns, scaling, weights and threshold, and the C library and the program `aepred` read it too. A model can
# also be pickled, copied, and turned into bytes.

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{folder}/pump.aepred")
    loaded = aepred.Model.load(f"{folder}/pump.aepred")
assert np.array_equal(loaded.score(X_test), scores)

# %% [markdown]
# ## Images
#
# A camera above woven cloth: stripes of two directions. `image=` makes the network convolutional, and the shares become a
# heat map.

# %%
def cloth(n, size=24):
    y, x = np.mgrid[:size, :size]
    phase, angle = random.uniform(0, 2 * np.pi, (2, n, 1, 1))
    weave = np.sin(1.3 * x + phase) + np.sin(1.3 * y + angle)
    return (weave + random.normal(0, 0.2, (n, size, size))).astype(np.float32)


defects = cloth(4)
defects[0, 5:12, 6:9] = 0  # a tear
defects[1, 14, :] = 2  # a thread too thick
defects[2, 8:15, 12:19] = defects[2, 8:15, 12:19][::-1].T  # a patch
camera = aepred.Model(image=(1, 24, 24), image_encoder=[aepred.conv(16, 3, 2), aepred.conv(32, 3, 2)], encoder=(8,), head=(32, 32),
                      error="vector", epochs=40, batch=64, learning_rate=3e-3, seed=1)
camera.fit(cloth(1500))
camera.calibrate(cloth(500))
heat = camera.explain(defects)
camera_scores = camera.score(defects)
print("cloth: p-values", np.round(camera.pvalue(camera_scores), 3))

figure, axes = plt.subplots(2, 4, figsize=(6, 3.2))
for i, title in enumerate(["tear", "thick thread", "patch", "no defect"]):
    axes[0, i].imshow(defects[i], cmap="gray", vmin=-2, vmax=2)
    axes[0, i].set_title(f"{title}: {camera_scores[i]:.2f}", fontsize=8)
    axes[1, i].imshow(heat[i] * camera_scores[i], cmap="inferno", vmin=0, vmax=(heat * camera_scores[:, None, None]).max() / 2)
for axis in axes.flat:
    axis.axis("off")
save(figure, "images")

# %% [markdown]
# ## Beside an isolation forest
#
# The same rows, by AUROC: the chance that a random fault scores higher than a random normal row. One network can score in
# several ways: by the error of the predicted error (the preset), by the reconstruction error alone, as a plain autoencoder
# does, or jointly by both and by how unusual the code is. Which is best depends on the faults. Here they make errors large and
# never small, so a plain autoencoder beats the preset; no setting was chosen by these figures.

# %%
def scored_by(score):
    other = model.copy()
    other.set(score=score)
    other.calibrate(held_back)
    return other.score(X_test)


methods = {score: scored_by(score) for score in ("prediction", "reconstruction", "joint")}
try:
    from sklearn.ensemble import IsolationForest
except ImportError:
    print("scikit-learn is not here: no isolation forest")
else:
    methods["isolation forest"] = -IsolationForest(random_state=1).fit(train).score_samples(X_test)

print(f"{'AUROC':16s}" + "".join(f"{name:>20s}" for name in methods))
for kind in (*FAULTS, "all"):
    these = ~is_fault | (is_fault if kind == "all" else kinds == kind)
    values = [aepred.metrics.auroc(method[these], is_fault[these]) for method in methods.values()]
    print(f"{kind:16s}" + "".join(f"{value:20.3f}" for value in values))
