namespace Millrace.Caching.Flight;

/// <summary>What callers must agree in to share a flight: the key, and which levels count and are written.</summary>
internal readonly record struct FlightKey(string Key, FlightLevels Levels)
{
    public bool ReadsLocal => (Levels & FlightLevels.ReadsLocal) != FlightLevels.None;

    public bool WritesLocal => (Levels & FlightLevels.WritesLocal) != FlightLevels.None;

    public bool ReadsRemote => (Levels & FlightLevels.ReadsRemote) != FlightLevels.None;

    public bool WritesRemote => (Levels & FlightLevels.WritesRemote) != FlightLevels.None;
}
