"""Jobs in, events out: the only place with concurrency, rate limits, retries and budgets."""
