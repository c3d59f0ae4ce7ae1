"""detector computes: is this picture synthetic or altered, where, and how sure?"""
