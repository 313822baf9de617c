using System.Collections.Concurrent;

namespace Millrace.Jobs.Tests.Calls;

/// <summary>What the <see cref="Postbox"/> does, and what it was asked for.</summary>
public sealed class PostboxScript
{
    private readonly ConcurrentQueue<(Postbox Service, string Method, object?[] Arguments)> _calls = new();

    public IReadOnlyCollection<(Postbox Service, string Method, object?[] Arguments)> Calls => _calls;

    public Func<object?[], Task> Run { get; set; } = static _ => Task.CompletedTask;

    public Receipt? Result { get; set; }

    public Task RunAsync(Postbox service, string method, params object?[] arguments)
    {
        _calls.Enqueue((service, method, arguments));
        return Run(arguments);
    }
}
