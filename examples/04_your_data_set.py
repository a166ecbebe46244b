# %% [markdown]
# # Use a data set of your own
#
# Your clips need a table with one row per clip: who moves, where the frames are, and the label. Onset, apex and
# offset are frame numbers; leave them empty where nobody annotated them. The table is CSV, TSV, XLSX, XLS, ODS or
# Parquet.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## The table
#
# SYNTHETIC faces stand in for your recordings: one folder of numbered images per clip. `frames` is a folder or a
# video, relative to the table. The labels are the words that your annotators use.

# %%
rendered = merlab.load("synthetic", merlab.make_faces(folder / "recordings", subjects=6, clips=30, preset="easy"))
words = {"happiness": "smile", "disgust": "nose wrinkle", "surprise": "raised brows", "repression": "pressed lips"}
table = pd.DataFrame(
    {
        "subject": clip.subject,
        "clip": clip.name,
        "frames": clip.source.relative_to(folder).as_posix(),
        "onset": clip.onset,
        "apex": clip.apex,
        "offset": clip.offset,
        "fps": clip.fps,
        "label": words.get(clip.emotion, "unclear"),
    }
    for clip in rendered
)
table.to_csv(folder / "my_clips.csv", index=False)
table.head()

# %% [markdown]
# ## Load it
#
# Every row is checked, and so are its frames. `merlab doctor table my_clips.csv` prints the same findings.

# %%
clips = merlab.load("table", folder / "my_clips.csv")
print(f"{len(clips)} clips of {len(set(clips.groups))} subjects")
for finding in clips.findings:
    print(finding)

# %%
clips.plot(next(iter(clips)))

# %% [markdown]
# ## Assign labels to classes
#
# A label scheme is a name and a mapping from label to class, in a YAML file or a dictionary. Labels that it does not
# list are left out and counted. Without a scheme, every label is a class.

# %%
scheme = folder / "my_scheme.yaml"
scheme.write_text(
    """\
name: up-or-down
labels:
  smile: mouth
  pressed lips: mouth
  nose wrinkle: upper face
  raised brows: upper face
"""
)
results = merlab.evaluate(
    clips, ["constant", "linear-svm"], scheme=scheme, protocol="loso", cache=folder / "cache", progress=False
)
results

# %% [markdown]
# ## On the command line
#
#     merlab doctor table my_clips.csv
#     merlab evaluate constant linear-svm --database table --root my_clips.csv --scheme my_scheme.yaml --protocol loso

# %%
temporary.cleanup()
