"""The plain core of promptfoo's configuration files: prompts x providers x tests, read as a comparison ready to run."""

from workbench.formats.promptfoo.config import PromptfooConfig, is_config, looks_like, read

__all__ = ["PromptfooConfig", "is_config", "looks_like", "read"]
