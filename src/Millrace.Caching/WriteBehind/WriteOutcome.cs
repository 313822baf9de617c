namespace Millrace.Caching.WriteBehind;

/// <summary>What became of one claimed write.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">The number that was claimed.</param>
/// <param name="Delay">When it is to be tried again; also where it should die and there is no room for it. For a newer write of the key: when that is due.</param>
/// <param name="Reason">Why it died; empty otherwise.</param>
internal readonly record struct WriteOutcome(OutcomeKind Kind, string Key, long Sequence, TimeSpan Delay, string Reason);
