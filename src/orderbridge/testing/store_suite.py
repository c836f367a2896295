"""(The lead has given this file to another person at 06:44: leave it and tests/test_suites.py to them; finish the simulator and tests/test_simulation.py and report.)"""
