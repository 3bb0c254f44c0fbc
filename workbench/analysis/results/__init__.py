"""What the answers of one run show: rates, shares, causes, pairs, times, votes.

Figures only: `result_words` says what they allow, `result_tables` lays them out in rows.
"""

from workbench.analysis.results import result_tables as result_tables
from workbench.analysis.results import result_words as result_words
from workbench.analysis.results.causes import Cause as Cause
from workbench.analysis.results.causes import CauseChanges as CauseChanges
from workbench.analysis.results.causes import FoundCause as FoundCause
from workbench.analysis.results.causes import Place as Place
from workbench.analysis.results.causes import cause_names as cause_names
from workbench.analysis.results.causes import find_causes as find_causes
from workbench.analysis.results.figures import CheckInfo as CheckInfo
from workbench.analysis.results.figures import CheckRow as CheckRow
from workbench.analysis.results.figures import ColumnCalls as ColumnCalls
from workbench.analysis.results.figures import Failure as Failure
from workbench.analysis.results.figures import Judged as Judged
from workbench.analysis.results.figures import Pair as Pair
from workbench.analysis.results.figures import PassRate as PassRate
from workbench.analysis.results.figures import Ratings as Ratings
from workbench.analysis.results.figures import Repeats as Repeats
from workbench.analysis.results.figures import ShareRow as ShareRow
from workbench.analysis.results.figures import WinRate as WinRate
from workbench.analysis.results.found import Results as Results
from workbench.analysis.results.found import look as look
