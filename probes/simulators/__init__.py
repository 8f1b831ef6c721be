"""What would a site look like if it could be told to fail? Cameras, recorders, agents and panels for demo and tests."""

from probes.simulators.blueprint import Shape
from probes.simulators.configuration import describe_site, site_yaml
from probes.simulators.faults import FAULTS
from probes.simulators.site import SimulatedSite

__all__ = ["FAULTS", "Shape", "SimulatedSite", "describe_site", "site_yaml"]
