using System.Buffers;

namespace Millrace.Redis.Commands;

/// <summary>The arguments of a command whose number varies, in an array of the pool's that goes back when the command has been encoded.</summary>
internal ref struct ArgumentList
{
    private RedisArgument[] _items;
    private int _count;

    /// <summary>Begins a list.</summary>
    /// <param name="capacity">How many there will be; it grows when there are more.</param>
    public ArgumentList(int capacity) => _items = ArrayPool<RedisArgument>.Shared.Rent(capacity);

    public readonly int Count => _count;

    public readonly ReadOnlySpan<RedisArgument> Items => _items.AsSpan(0, _count);

    public void Add(RedisArgument argument)
    {
        if (_count == _items.Length)
        {
            var larger = ArrayPool<RedisArgument>.Shared.Rent(Math.Max(16, 2 * _count));
            Items.CopyTo(larger);
            Return();
            _items = larger;
        }

        _items[_count++] = argument;
    }

    public void Add(ReadOnlySpan<RedisArgument> arguments)
    {
        foreach (ref readonly var argument in arguments)
        {
            Add(argument);
        }
    }

    public void Add(ReadOnlySpan<RedisKey> keys)
    {
        foreach (ref readonly var key in keys)
        {
            Add(key);
        }
    }

    public void Add(ReadOnlySpan<(RedisArgument Name, RedisArgument Value)> pairs)
    {
        foreach (ref readonly var pair in pairs)
        {
            Add(pair.Name);
            Add(pair.Value);
        }
    }

    /// <summary>Adds the condition's word; nothing for <see cref="RedisCondition.Always"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none of the enumeration, or beyond what the command knows.</exception>
    public void Add(RedisCondition condition, RedisCondition last = RedisCondition.IfLess)
    {
        if ((uint)condition > (uint)last)
        {
            throw new ArgumentOutOfRangeException(nameof(condition), condition, "This command does not know the condition.");
        }

        if (condition != RedisCondition.Always)
        {
            Add(condition switch
            {
                RedisCondition.IfAbsent => "NX",
                RedisCondition.IfPresent => "XX",
                RedisCondition.IfGreater => "GT",
                _ => "LT",
            });
        }
    }

    /// <summary>Gives the array back. The list is empty and of no use then.</summary>
    public void Dispose()
    {
        if (_items.Length > 0)
        {
            Return();
            _items = [];
            _count = 0;
        }
    }

    private readonly void Return()
    {
        _items.AsSpan(0, _count).Clear(); // it must not keep values alive
        ArrayPool<RedisArgument>.Shared.Return(_items);
    }
}
