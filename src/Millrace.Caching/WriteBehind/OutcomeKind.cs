namespace Millrace.Caching.WriteBehind;

/// <summary>How an attempt ended. The numbers are what scripts get.</summary>
internal enum OutcomeKind
{
    /// <summary>The source has it.</summary>
    Done = 0,

    /// <summary>It failed and is to be tried again.</summary>
    Retry = 1,

    /// <summary>It failed for the last time.</summary>
    Dead = 2,
}
