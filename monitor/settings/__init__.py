"""Loads and checks the configuration: what does the installer want watched?"""
