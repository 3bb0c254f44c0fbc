"""A comparison in which one column is answered by hand: a few made-up pictures given, the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPolygonF

from workbench.library.records import ColumnSpec
from workbench.values import Case, Content, Definition, Message, Part, PromptRef
from workbench.workspace import Workspace

BRIEFS = (
    ("Scafell boots, wet slate", "a pair of hiking boots on wet slate", "Side view, morning, no text in the picture", "footwear"),
    ("Flask on a ridge", "a steel flask on a windy ridge", "Steel flask, wind, sky takes half the picture", "kitchen"),
    ("Two-man tent, dusk", "a two-man tent at dusk", "Light inside, one person far off", "tent"),
    ("Map case, rain", "a waxed map case in the rain", "Close, drops on the cover", "navigation"),
    ("Head torch, cave", "a head torch on a rope in a cave", "One beam, dark round it", "light"),
    ("Wool hat, frost", "a wool hat on a frosted fence", "Low sun, no people", "clothing"),
)
TEXT = "Product photo of {{ product }}, sky fills the upper half, soft morning light, no text --ar 5:4"
HUES = ((196, 20), (32, 12), (258, 230), (205, 40))
GIVEN = 2


def by_hand(ws: Workspace, models: Sequence[str]) -> dict[str, int]:
    """Ids of the run (`by_hand`) and its connection (`hand`)."""
    prompt = ws.prompts.create("Catalogue picture", "shop", Content((Message.of("user", TEXT),)), "A picture of one product.", note="First")
    dataset = ws.datasets.create("Product briefs", (ColumnSpec("product"),), "What the catalogue shows in spring")
    ws.datasets.add_cases(dataset, [Case({"product": what}, name, note=note, tags=(tag,)) for name, what, note, tag in BRIEFS])
    connection = ws.connections.add("Midjourney", "by-hand")
    hand = ws.connections.model(ws.connections.add_model(connection, "Midjourney v7"))
    definition = Definition(
        "Catalogue picture: words and picture",
        (PromptRef(ws.prompts.get(prompt).uid, 1),),
        (models[0], hand.uid),
        ws.datasets.get(dataset).uid,
    )
    run_id = ws.runs.start_comparison(ws.comparisons.save(definition))
    asyncio.run(_made(ws, run_id))
    waiting = [cell for cell in ws.runs.cells(run_id) if cell.status == "by_hand"]
    for cell in waiting[:GIVEN]:
        output = ws.runs.answer_by_hand(cell.job_id, images=[landscape(hue + 9 * cell.case_index, sun) for hue, sun in HUES])
        ws.ratings.stars(output, 5 - cell.case_index)
    ws.runs.keep_draft(waiting[GIVEN + 1].job_id, "A waxed case, drops in the light")
    return {"by_hand": run_id, "hand": connection}


async def _made(ws: Workspace, run_id: int) -> None:
    async for _event in ws.runs.execute(run_id):
        pass


def landscape(hue: int, sun: int) -> Part:
    """Hills, a sun and something in front, flat as in a picture book."""
    image = QImage(500, 400, QImage.Format.Format_RGB32)
    image.fill(QColor.fromHsv(hue % 360, 40, 235))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(QColor.fromHsv(sun % 360, 150, 235)))
    painter.drawEllipse(QPointF(370, 110), 44, 44)
    for depth, (top, value) in enumerate(((210, 190), (270, 130))):
        painter.setBrush(QColor.fromHsv(hue % 360, 90, value))
        ridge = [
            QPointF(0, top + 60),
            QPointF(130 + 60 * depth, top - 50),
            QPointF(300, top + 40),
            QPointF(430, top - 30),
            QPointF(500, top + 30),
        ]
        painter.drawPolygon(QPolygonF([*ridge, QPointF(500, 400), QPointF(0, 400)]))
    painter.setBrush(QColor("#4d2f24"))
    painter.drawRoundedRect(QRectF(190, 210, 60, 110), 8, 8)
    painter.drawRoundedRect(QRectF(190, 280, 130, 44), 12, 12)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return Part("image", media_type="image/png", data=bytes(data.data()))
