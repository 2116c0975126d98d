"""
Is it quicker to join text than to add to it?
=============================================

Text can grow part by part, or be joined from its parts at the end. Replace the
two statements with your own.

.. in-short::
    :figure: joining/cost

    :verdict:`joining/cost/join vs add
    | faster, slower: Joining a hundred parts takes {this}, adding them {other}.
    | no difference shown: Joining and adding take the same time, {this} and
    {other}.
    | inconclusive, not judged: Joining a hundred parts takes {this}, adding them
    {other}; this run does not decide between them.`

    The page shows this first. Say here what the reader should do.

:order: 1
:about: text of a hundred parts
"""

# %%
# The contenders
# --------------
# Each statement runs in fresh processes, which take turns. The first one is the
# baseline. The setup makes the names that the statements use; the page folds it.

# Preparation: The settings, and the names that the statements use
import evenhand as bench

settings = bench.settings(__doc__)
setup = "parts = ['part'] * 100"

# %%

contenders = {
    "add": "text = ''\nfor part in parts: text += part",
    "join": "text = ''.join(parts)",
}

# %%
# The measurement
# ---------------

joining = bench.compare(contenders, setup=setup, name="cost", settings=settings)
joining

# %%

joining.plot()
