namespace Millrace.Caching.WriteBehind;

/// <summary>What became of a dead write that was to be tried again. The numbers are what scripts return.</summary>
internal enum ReplayStatus
{
    /// <summary>There is no such dead write.</summary>
    Missing = 0,

    /// <summary>It is pending.</summary>
    Replayed = 1,

    /// <summary>A newer write of its key is pending; the dead one is gone.</summary>
    Superseded = 2,

    /// <summary>The partition is full; it stays dead.</summary>
    Full = 3,
}
