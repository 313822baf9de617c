using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Millrace.Redis.Connection;

/// <summary>Operations to be used again: one place for each processor, which costs one exchange, and a bounded number shared. Thread-safe.</summary>
internal sealed class OperationPool<T>
{
    private const int MaximumShared = 1024;

    /// <summary>The pool of this result's operations.</summary>
    public static readonly OperationPool<T> Shared = new();

    private readonly Place[] _places = new Place[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
    private readonly ConcurrentQueue<RedisOperation<T>> _others = new();
    private int _count;

    public RedisOperation<T>? TryTake()
    {
        ref var place = ref _places[Thread.GetCurrentProcessorId() & (_places.Length - 1)];
        if (place.Operation is not null && Interlocked.Exchange(ref place.Operation, null) is { } own)
        {
            return own;
        }

        if (_others.TryDequeue(out var operation))
        {
            Interlocked.Decrement(ref _count);
            return operation;
        }

        return null;
    }

    public void Return(RedisOperation<T> operation)
    {
        ref var place = ref _places[Thread.GetCurrentProcessorId() & (_places.Length - 1)];
        var former = Interlocked.Exchange(ref place.Operation, operation);
        if (former is null)
        {
            return;
        }

        if (Interlocked.Increment(ref _count) <= MaximumShared)
        {
            _others.Enqueue(former);
        }
        else
        {
            Interlocked.Decrement(ref _count); // left to the collector
        }
    }

    /// <summary>A place on cache lines of its own.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Place
    {
        public RedisOperation<T>? Operation;
    }
}
