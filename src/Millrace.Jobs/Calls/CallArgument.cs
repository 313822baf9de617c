using System.Linq.Expressions;

namespace Millrace.Jobs.Calls;

/// <summary>One argument of a call. Constants, captured variables, members, calls and conversions that change nothing are read as they are, which
/// takes a fraction of a microsecond; anything else is interpreted (some microseconds) or, when it uses spans, compiled.</summary>
/// <remarks>Not thread-safe; belongs to one enqueue.</remarks>
internal sealed class CallArgument
{
    private readonly Expression _expression;
    private readonly ParameterExpression? _item;
    private Func<object?, object?>? _run;

    /// <exception cref="ArgumentException">The expression uses the service.</exception>
    public CallArgument(Expression expression, ParameterExpression service, ParameterExpression? item)
    {
        _expression = expression;
        _item = item;
        IsReadDirectly = DirectReading.IsPossible(expression, item);
        if (!IsReadDirectly)
        {
            var contents = new Contents(service);
            contents.Visit(expression);
            if (contents.UsesService)
            {
                throw new ArgumentException(
                    $"An argument of the call uses {service.Type.Name} itself, which exists only when the job runs: arguments are evaluated when it is enqueued. Read the value in the method that is called.",
                    nameof(expression));
            }

            UsesSpans = contents.UsesSpans;
        }
    }

    /// <summary>Nothing has to be compiled or interpreted.</summary>
    public bool IsReadDirectly { get; }

    private bool UsesSpans { get; }

    public object? Evaluate(object? item) => IsReadDirectly ? DirectReading.Read(_expression, item) : (_run ??= Build())(item);

    private Func<object?, object?> Build()
    {
        var given = Expression.Parameter(typeof(object));
        Expression body = Expression.Convert(_expression, typeof(object));
        if (_item is not null)
        {
            body = Expression.Block([_item], Expression.Assign(_item, Expression.Convert(given, _item.Type)), body);
        }

        // The interpreter costs a twentieth of the compiler, but cannot hold spans.
        return Expression.Lambda<Func<object?, object?>>(body, given).Compile(preferInterpretation: !UsesSpans);
    }

    private sealed class Contents(ParameterExpression service) : ExpressionVisitor
    {
        public bool UsesService { get; private set; }

        public bool UsesSpans { get; private set; }

        public override Expression? Visit(Expression? node)
        {
            UsesService |= node == service;
            UsesSpans |= node?.Type.IsByRefLike == true;
            return base.Visit(node);
        }
    }
}
