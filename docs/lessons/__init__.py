"""The lessons' questions: what is asked, what hptsim answers, and what is said to somebody who predicts something else.

The pages are the Markdown files beside; `directives` puts the questions into them, and _static/lesson.js checks predictions.
"""
