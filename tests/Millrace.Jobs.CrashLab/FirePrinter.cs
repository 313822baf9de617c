using Microsoft.Extensions.Logging;

namespace Millrace.Jobs.CrashLab;

/// <summary>Prints which ticks this process has fired, as the engine's log tells.</summary>
internal sealed class FirePrinter : ILoggerProvider, ILogger
{
    /// <summary>What the engine logs them under.</summary>
    public const string Category = "Millrace.Jobs.Working.JobsService";

    private const int ScheduleFired = 2040;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == ScheduleFired && state is IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            var values = fields.ToDictionary(static field => field.Key, static field => field.Value, StringComparer.Ordinal);
            Lines.Print($"fire {((DateTimeOffset)values["Tick"]!).ToUnixTimeSeconds()} {values["Id"]}");
        }
    }

    public void Dispose()
    {
        // Nothing to let go of.
    }
}
