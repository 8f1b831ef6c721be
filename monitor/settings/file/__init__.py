"""The shapes of the configuration's files, as pydantic models: what may stand where?"""
