"""Answers that a person brings: the question to carry over, a draft that is kept, and the answer as an output like any other."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from workbench import evaluators
from workbench import plan as plans
from workbench.evaluators import Vectors, facts_of
from workbench.formats import pictures
from workbench.library.names import whole_text
from workbench.plan import Plan
from workbench.runs.calling import Calls
from workbench.runs.consent import with_prompt
from workbench.runs.recording import End, Recorder
from workbench.runs.records import Cell, Question
from workbench.store.stamps import now
from workbench.values import BY_HAND, BadInput, Message, NotFound, Part, Reply

LONGEST_TEXT = 4 * 1024 * 1024
"""Bytes of a text file that is taken as an answer."""

COMPARING_SECONDS = 20.0
"""How long an answer waits for the embedding model: its giver waits beside it."""

_DRAFT = """
INSERT INTO checkpoint (job_id, text, at) SELECT id, :text, :at FROM job WHERE id = :job AND status = 'by_hand'
ON CONFLICT (job_id) DO UPDATE SET text = excluded.text, at = excluded.at"""


class HandAnswers(Calls):
    """The verbs on jobs that a person does. No execution of a run touches such a job."""

    def question(self, job_id: int) -> Question:
        """What to carry over for a job, and its draft. Raises NotFound; BadInput for a job that a model is called for."""
        _, plan, column, case_index, _ = self._by_hand(job_id)
        kept = self._database.query("SELECT text FROM checkpoint WHERE job_id = ?", [job_id])
        draft = str(kept[0][0]) if kept else ""
        try:
            messages = plans.request(plan, column, case_index).messages
        except BadInput as problem:
            return Question(job_id, (), "", str(problem), draft)
        return Question(job_id, messages, one_text(messages), "", draft)

    def next_by_hand(self, run_id: int, after: int = 0) -> Cell | None:
        """The next cell of a run that waits for a person, behind a job or from the start again; None where none waits."""
        sql = "SELECT id FROM job WHERE run_id = :run AND status = 'by_hand' ORDER BY id <= :after, id LIMIT 1"
        found = self._database.query(sql, {"run": run_id, "after": after})
        return self.cell(int(found[0][0])) if found else None

    def keep_draft(self, job_id: int, text: str) -> None:
        """Keep what was typed of an answer that is not given yet; an empty text forgets it. Nothing is kept of one that was given
        meanwhile, such as in another window."""
        self._by_hand(job_id)
        with self._database.write(durable=False) as writer:
            if text:
                writer.run(_DRAFT, job=job_id, text=whole_text(text), at=now())
            else:
                writer.run("DELETE FROM checkpoint WHERE job_id = :job", job=job_id)

    async def answer_by_hand(self, job_id: int, text: str = "", images: Sequence[Part] = ()) -> int:
        """The id of the output that a person's answer became: checked like any other, never in place of an earlier one.

        Its draft is gone then. Raises BadInput for an empty answer, and for a job that a model is called for.
        """
        import asyncio  # 60 ms that reading needs not

        text = whole_text(text).replace("\x00", "")
        if not text.strip() and not images:
            raise BadInput("The answer is empty.", remedy="Paste its text or drop a picture.")
        run_id, plan, column, case_index, repeat = await asyncio.to_thread(self._by_hand, job_id)
        self._database.refuse_if_read_only()
        checks, case = plan.checks_for(case_index), plan.cases[case_index]
        vectors, cost = await self._compared(plan, case_index, text)

        def keep() -> int:
            from workbench import providers  # reading needs none of it

            request = plans.request(plan, column, case_index)
            reply = Reply(text, images=tuple(images))
            facts = with_prompt(facts_of(reply, None, request.tools, by_hand=True), plan, column, case_index, checks)
            end = End(
                job_id,
                "done",
                1,
                plan.columns[column].model.price,
                plans.fingerprint(plan, column, request, repeat),
                reply,
                scores=evaluators.score(checks, case, text, vectors, facts, self.code.allowed(checks)),
                own_from=plan.own_from(case_index),
                left_out=(
                    *providers.left_out(BY_HAND, request.parameters),
                    *providers.unsaid(BY_HAND, request.output_schema, request.tools),
                ),
            )
            Recorder(self._database, run_id, kept=(job_id,)).write([end], checks_usd=cost, durable=True)
            if not self.is_live(run_id):
                self.follow_wishes(run_id)  # it may have been the last one that was lacking
            return self.outputs_of(job_id)[-1]

        return await asyncio.to_thread(keep)  # templates and patterns of checks may take their time

    async def _compared(self, plan: Plan, case_index: int, text: str) -> tuple[Vectors, Decimal]:
        """The vectors that the checks of an answer compare, and what they cost. An answer is kept also where they cannot be had."""
        import asyncio  # see answer_by_hand

        checks = plan.checks_for(case_index)
        texts = await asyncio.to_thread(evaluators.texts_to_compare, checks, plan.cases[case_index], text)
        if not texts:
            return Vectors(), Decimal(0)
        async with self.engine(1, 1) as engine:
            meanings = await self.meanings(plan, engine, COMPARING_SECONDS)
            try:
                async with asyncio.timeout(COMPARING_SECONDS):
                    vectors = await meanings.vectors(texts, lambda: False)
            except TimeoutError:
                vectors = Vectors(why_not="The embedding model did not answer in time, so the meanings were not compared.")
            return vectors, meanings.take_cost()

    def _by_hand(self, job_id: int) -> tuple[int, Plan, int, int, int]:
        """(run, plan, column, case, repeat) of a job that a person does."""
        rows = self._database.query("SELECT run_id, column_index, case_index, repeat FROM job WHERE id = ?", [job_id])
        if not rows:
            raise NotFound(f"There is no job {job_id}.")
        run_id, column, case_index, repeat = rows[0]
        plan = self.plan(run_id)
        model = plan.columns[column].model
        if not model.by_hand:
            raise BadInput(f"{model.title} is called by the app, so its answers are not given by hand.")
        return run_id, plan, column, case_index, repeat


def one_text(messages: Sequence[Message]) -> str:
    """The messages as one text to paste: instructions, then the question; names stand before the turns of a conversation."""
    texts = [message for message in messages if message.text.strip()]
    if sum(message.role != "system" for message in texts) <= 1:
        return "\n\n".join(message.text.strip("\n") for message in texts)
    return "\n\n".join(f"{message.role.capitalize()}:\n{message.text.strip()}" for message in texts)


def answer_file(path: Path) -> Part:
    """A picture or text file as a part of an answer; a picture without its metadata. Raises BadInput with one sentence."""
    try:
        with path.open("rb") as file:
            data = file.read(pictures.LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or 'it is no file'}.") from error
    if pictures.media_type(data) is not None:
        return answer_picture(data, path.name)
    if not data.strip():
        raise BadInput(f"{path.name} is empty.")
    text = _text(data) if len(data) <= LONGEST_TEXT else None
    if text is None and len(data) > LONGEST_TEXT and b"\0" not in data:
        raise BadInput(f"{path.name} is larger than 4 MB, the most that a text can have.")
    if text is None:
        raise BadInput(f"{path.name} is neither a text nor a PNG, JPEG, WebP or GIF picture.")
    return Part(text=text, name=path.name)


def answer_picture(data: bytes, name: str) -> Part:
    """A picture as a part of an answer, without its metadata. Raises BadInput with one sentence."""
    try:
        return pictures.picture(data, name)
    except BadInput as problem:
        raise BadInput(f"{name}: {problem.message}") from problem


def _text(data: bytes) -> str | None:
    """The text of a file in UTF-8 or, with its mark, UTF-16; None for anything else."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n")
