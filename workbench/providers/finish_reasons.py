"""Every provider's word for why an answer ended, and ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.values import FinishReason

_WORDS: Mapping[FinishReason, str] = {
    "stop": "stop eos end_turn stop_sequence complete completed",
    "length": "length max_tokens model_length max_output_tokens model_context_window_exceeded error_limit",
    "tool_calls": "tool_calls function_call tool_use tool_call",
    "content_filter": "content_filter safety recitation blocklist prohibited_content spii model_armor image_safety "
    "image_prohibited_content image_recitation image_other jailbreak guardrail_intervened content_filtered error_toxic",
    "refusal": "refusal",
    "pause": "pause_turn compaction",
    "error": "error insufficient_system_resource malformed_function_call unexpected_tool_call too_many_tool_calls "
    "missing_thought_signature malformed_response malformed_model_output malformed_tool_use",
}
"""Words in lower case. No word means two things to two providers, so that one table serves all."""

_OURS: Mapping[str, FinishReason] = {word: ours for ours, words in _WORDS.items() for word in words.split()}


def finish_reason(word: str) -> FinishReason:
    """What a provider's word means; `other` for one that is not known."""
    return _OURS.get(word.lower(), "other")
