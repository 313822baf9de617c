namespace Millrace.Redis.Diagnostics;

/// <summary>A connection that its server's counters know.</summary>
internal interface IOpenConnection
{
    /// <summary>Whether it is ready for commands.</summary>
    bool IsOpen { get; }

    /// <summary>Commands that were taken and not answered.</summary>
    int InFlight { get; }
}
