"""The domain of the dispatch desk: contracts, rules, playbooks, clients and the trail."""
