"""The words that stand in an evidence bundle."""

README = """{mark}

Everything on record about task {reference}, as it stood on {at}.
Taken out by: {actor}. To be given to: {recipient}.
{items} items: {official} marked OFFICIAL, {sensitive} marked OFFICIAL-SENSITIVE.

All times in this bundle are UTC. In British Summer Time the clock on the wall is one hour ahead of them.


What is in here

schedule.csv          Every item: its number, time, kind, mark, file and hash. How the task stands now comes
                      first, then what happened, oldest first. It says nothing of what the items contain.
scores.txt            In the folder of its mark: every score in words, with time, band, rules, who scored,
                      how sure they were, and the reason of each change.
OFFICIAL              The items with this mark. timeline.txt has them all in time order, to be read;
                      each item also has a file of its own, numbered as in the schedule.
OFFICIAL-SENSITIVE    The same for the items with this mark. Keep this folder apart: only people
                      with a need to know may see it.
manifest.json         The SHA-256 hash of every other file, and where the audit log ended.

A folder is missing where no item has its mark. An item without a mark of its own has its task's.


Kinds of item

task, planner-link    how the task, and its places on the boards of Planner, stood when this was made
response, arrival     what was answered on a form and by whom, and by which way it reached us
assessment            a THRIVE assessment, with its score and the version of the scoring rules
decision              what was decided, by whom and why
score-check           what was found of a score that was drawn to be checked, as what and why
meeting               a meeting at which it was decided about: who took the chair and who was there
escalation            a step to a higher unit, and what became of it
audit                 a row of the audit log: who did, saw or gave away what, and when. What people wrote
                      freely stands there only as a hash, which proves what it was.
delivery              a step that was promised to Planner or to a channel, and what became of it
post                  a card that was handed over to a channel
remark                a sentence that the task showed to its people


How to check it

Work out the SHA-256 of a file, for instance with "sha256sum FILE" or "certutil -hashfile FILE SHA256",
and compare it with manifest.json.
Each row of the audit log carries its own hash and the hash of the row before it. "tasking verify-audit
--noted HASH", with newest_hash of manifest.json, says whether the log still holds what it held then.
"""
