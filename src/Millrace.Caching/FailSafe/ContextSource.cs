namespace Millrace.Caching.FailSafe;

/// <summary>A factory that gets a context, as one that does not. Its runs follow one another.</summary>
internal sealed class ContextSource<TState, T>(TState state, Func<TState, CacheEntryContext, CancellationToken, ValueTask<T>> factory) : IContextSource
{
    public CacheEntryContext? Context { get; private set; }

    public static ValueTask<T> RunAsync(ContextSource<TState, T> source, CancellationToken cancellationToken) => source.RunAsync(cancellationToken);

    private ValueTask<T> RunAsync(CancellationToken cancellationToken)
    {
        var context = Context = new CacheEntryContext();
        return factory(state, context, cancellationToken);
    }
}
