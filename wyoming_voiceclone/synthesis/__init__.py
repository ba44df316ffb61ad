"""From an utterance to its audio: sentences, failover, phrases already spoken."""
