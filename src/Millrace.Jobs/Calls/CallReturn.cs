using System.Reflection;

namespace Millrace.Jobs.Calls;

/// <summary>What a method hands back: how to wait for it, and whether it is a result to keep. Chosen once per method.</summary>
internal abstract class CallReturn
{
    private static readonly CallReturn Nothing = new OfNothing();
    private static readonly CallReturn PlainTask = new OfTask();
    private static readonly CallReturn PlainValueTask = new OfValueTask();

    /// <summary>Null when jobs cannot call a method that returns this.</summary>
    public static CallReturn? TryFind(Type type) => type switch
    {
        _ when type == typeof(void) => Nothing,
        _ when type == typeof(Task) => PlainTask,
        _ when type == typeof(ValueTask) => PlainValueTask,
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(Task<>) =>
            (CallReturn)Activator.CreateInstance(typeof(OfResult<>).MakeGenericType(type.GetGenericArguments()))!,
        _ => null,
    };

    /// <summary>Completes when the call is over; a result goes to <paramref name="context"/>.</summary>
    public abstract Task WaitAsync(object? returned, JobContext context);

    private static T NotNull<T>(object? returned) =>
        returned is T value ? value : throw new InvalidOperationException("The method returned null instead of a task.");

    private sealed class OfNothing : CallReturn
    {
        public override Task WaitAsync(object? returned, JobContext context) => Task.CompletedTask;
    }

    private sealed class OfTask : CallReturn
    {
        public override Task WaitAsync(object? returned, JobContext context) => NotNull<Task>(returned);
    }

    private sealed class OfValueTask : CallReturn
    {
        public override Task WaitAsync(object? returned, JobContext context) => NotNull<ValueTask>(returned).AsTask();
    }

    private sealed class OfResult<T> : CallReturn
    {
        public override async Task WaitAsync(object? returned, JobContext context)
        {
            var result = await NotNull<Task<T>>(returned).ConfigureAwait(false);
            if (result is not null)
            {
                context.SetReturned(result, typeof(T));
            }
        }
    }
}
