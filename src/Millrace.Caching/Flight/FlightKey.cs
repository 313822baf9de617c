namespace Millrace.Caching.Flight;

/// <summary>What callers must agree in to share a flight: the key, and whether the entry in the cache counts and is written.</summary>
internal readonly record struct FlightKey(string Key, bool ReadsLocal, bool WritesLocal);
