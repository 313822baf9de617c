using System.Threading.Tasks.Sources;

namespace Millrace.Redis.Connection;

/// <summary>A continuation that wants to run in the synchronization context, the scheduler or the execution context it was made in.</summary>
internal sealed class ContextContinuation
{
    /// <summary>Runs one.</summary>
    public static readonly Action<object?> Run = static captured => ((ContextContinuation)captured!).Start();

    private readonly Action<object?> _continuation;
    private readonly object? _state;
    private readonly ExecutionContext? _execution;
    private readonly SynchronizationContext? _synchronization;
    private readonly TaskScheduler? _scheduler;

    private ContextContinuation(
        Action<object?> continuation, object? state, ExecutionContext? execution, SynchronizationContext? synchronization, TaskScheduler? scheduler)
    {
        _continuation = continuation;
        _state = state;
        _execution = execution;
        _synchronization = synchronization;
        _scheduler = scheduler;
    }

    /// <summary>Captures what the flags ask for.</summary>
    /// <returns>Null: there is nothing to capture.</returns>
    public static ContextContinuation? Capture(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
    {
        var execution = flags.HasFlag(ValueTaskSourceOnCompletedFlags.FlowExecutionContext) ? ExecutionContext.Capture() : null;
        SynchronizationContext? synchronization = null;
        TaskScheduler? scheduler = null;
        if (flags.HasFlag(ValueTaskSourceOnCompletedFlags.UseSchedulingContext))
        {
            synchronization = SynchronizationContext.Current is { } current && current.GetType() != typeof(SynchronizationContext) ? current : null;
            scheduler = synchronization is null && TaskScheduler.Current != TaskScheduler.Default ? TaskScheduler.Current : null;
        }

        return execution is null && synchronization is null && scheduler is null
            ? null
            : new ContextContinuation(continuation, state, execution, synchronization, scheduler);
    }

    private void Start()
    {
        if (_synchronization is not null)
        {
            _synchronization.Post(static captured => ((ContextContinuation)captured!).Invoke(), this);
        }
        else if (_scheduler is not null)
        {
            _ = Task.Factory.StartNew(static captured => ((ContextContinuation)captured!).Invoke(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);
        }
        else
        {
            Invoke();
        }
    }

    private void Invoke()
    {
        if (_execution is null)
        {
            _continuation(_state);
        }
        else
        {
            ExecutionContext.Run(_execution, static captured =>
            {
                var self = (ContextContinuation)captured!;
                self._continuation(self._state);
            }, this);
        }
    }
}
