namespace Millrace.Caching.WriteThrough;

/// <summary>Gives the writes of one key their order in this process. There are as many turns as keys with a write under way.</summary>
internal sealed class KeyTurns
{
    private readonly Lock _lock = new(); // guards the fields below, and KeyTurn.Holders
    private readonly Dictionary<string, KeyTurn> _turns = new(StringComparer.Ordinal);

    /// <summary>The key's turn, held until <see cref="Leave"/>.</summary>
    public KeyTurn Join(string key)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(key, out var turn))
            {
                _turns[key] = turn = new KeyTurn(key);
            }

            turn.Holders++;
            return turn;
        }
    }

    public void Leave(KeyTurn turn)
    {
        lock (_lock)
        {
            if (--turn.Holders > 0)
            {
                return;
            }

            _turns.Remove(turn.Key);
        }

        turn.Dispose();
    }
}
