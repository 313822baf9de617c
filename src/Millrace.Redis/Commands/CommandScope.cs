namespace Millrace.Redis.Commands;

/// <summary>What connection a command is for.</summary>
internal enum CommandScope
{
    /// <summary>One that all callers share.</summary>
    Shared,

    /// <summary>Between MULTI and EXEC.</summary>
    Transaction,

    /// <summary>One that its caller has to itself.</summary>
    Dedicated,
}
