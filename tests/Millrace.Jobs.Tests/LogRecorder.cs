using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Millrace.Jobs.Tests;

/// <summary>Remembers what is logged.</summary>
public sealed class LogRecorder : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Id, LogLevel Level, string Text)> _entries = new();

    public IReadOnlyCollection<(int Id, LogLevel Level, string Text)> Entries => _entries;

    public int Count(int id) => _entries.Count(entry => entry.Id == id);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    public void Dispose()
    {
        // Nothing to let go of.
    }
}
