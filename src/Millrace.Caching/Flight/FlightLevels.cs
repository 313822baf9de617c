namespace Millrace.Caching.Flight;

/// <summary>The levels that a read takes part in.</summary>
[Flags]
internal enum FlightLevels : byte
{
    None = 0,
    ReadsLocal = 1,
    WritesLocal = 2,
    ReadsRemote = 4,
    WritesRemote = 8,
    All = ReadsLocal | WritesLocal | ReadsRemote | WritesRemote,
}
