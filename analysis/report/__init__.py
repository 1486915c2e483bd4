"""A run as one HTML file that needs no server and no network, and is readable on paper.

What is told:   `record` of a run, `networks` with the spread of their seeds, `lineage`, `growth` of the hypervolume,
                `importance` of decisions
How it is told: `html` that escapes, `axes` of charts, `charts`, `tables`, `cards` of trials, `sections`, `page` with
                `style.css` and `script.js`

The charts are plain SVG and the file works without its script, which adds hovering, arrow keys and copying. So a report
is as large as its pictures of networks; a plotting library would add four megabytes of script, marks that the keyboard
does not reach, and an empty page on paper.
"""
