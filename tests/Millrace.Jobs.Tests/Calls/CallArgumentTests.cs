using System.Linq.Expressions;
using Millrace.Jobs.Calls;

namespace Millrace.Jobs.Tests.Calls;

public sealed class CallArgumentTests
{
    private static readonly string Shared = "shared";
    private readonly string _field = "field";

    private string Property => _field + "!";

    [Fact, Trait("req", "J-02")]
    public void Constants_variables_members_calls_and_creations_are_read_without_compiling()
    {
        var (number, text, letter) = (3, "text", new Letter("ada", "b") { Reply = new Letter("me", "c") });
        var moment = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Expression<Func<object?>>[] direct =
        [
            () => 5, () => null, () => "literal", () => DayOfWeek.Monday, () => number, () => text, () => _field, () => Property, () => Shared,
            () => letter.To.Length, () => letter.Reply!.Text, () => CancellationToken.None, () => Guid.Empty, () => decimal.MaxValue, () => (int?)number,
            () => text.ToUpperInvariant(), () => Double(text), () => moment.AddDays(1.5), () => string.Concat(text, "a", Double("b")), () => (IComparable)text,
            () => new Letter(text, "b"), () => new Letter(text, "b") { Pages = 7, Reply = letter }, () => new[] { text, "b" }, () => new object[] { number, text },
            () => new { number }.number, () => Enumerable.Repeat(text, 2).ToList().Count, () => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ];

        foreach (var expression in direct)
        {
            var argument = new CallArgument(expression.Body, Expression.Parameter(typeof(IPostbox)), null);
            Assert.True(argument.IsReadDirectly, expression.ToString());
            Assert.Equivalent(expression.Compile()(), argument.Evaluate(null), strict: true);
        }
    }

    [Fact, Trait("req", "J-02")]
    public void What_cannot_be_read_as_it_is_gives_what_compiled_code_gives()
    {
        var (number, text, numbers) = (3, "text", new[] { 1, 2, 3 });
        int? maybe = 4;
        var counter = new Counter();
        var moment = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Expression<Func<object?>>[] others =
        [
            () => number + 1, () => moment.AddDays(number), () => (long)number, () => (short)(number * 70_000L), () => number > 2 ? text : "b", () => text ?? "b", () => numbers[1], () => numbers.Length, () => -number, () => !numbers.Contains(2),
            () => maybe.Value, () => maybe.HasValue, () => (double?)maybe, () => $"{text}-{number}", () => numbers.Where(n => n > 1).Select(n => n * number).ToArray(),
            () => new List<int> { 1, number }, () => (DayOfWeek)number, () => (int)DayOfWeek.Friday, () => typeof(string).Name + (text is string),
            () => new int[number], () => (DateTimeOffset)DateTime.UnixEpoch, () => (object)number is int, () => default(Counter).Value, () => int.Parse("7", null) % 2 == 0, () => DayOfWeek.Friday.ToString(),
        ];

        foreach (var expression in others)
        {
            var argument = new CallArgument(expression.Body, Expression.Parameter(typeof(IPostbox)), null);
            Assert.Equivalent(expression.Compile()(), argument.Evaluate(null), strict: true);
        }

        // A struct that changes itself is not called on a copy.
        Expression<Func<int>> next = () => counter.Next();
        var changing = new CallArgument(next.Body, Expression.Parameter(typeof(IPostbox)), null);
        Assert.Equal([1, 2], new[] { changing.Evaluate(null), changing.Evaluate(null) }.Cast<int>());
        Assert.Equal(2, counter.Value);
    }

    [Fact, Trait("req", "J-02")]
    public void No_part_of_an_argument_runs_twice()
    {
        var runs = new Runs();
        Expression<Func<object?>> mixed = () => string.Concat(runs.Next(), runs.Next() + 1, new[] { runs.Next() }[0]);

        Assert.Equal("133", new CallArgument(mixed.Body, Expression.Parameter(typeof(IPostbox)), null).Evaluate(null));
        Assert.Equal(4, runs.Next());
    }

    [Fact, Trait("req", "J-02")]
    public void An_item_is_read_directly_and_in_computations()
    {
        Expression<Func<IPostbox, Letter, object?>> direct = (_, letter) => letter.To;
        Expression<Func<IPostbox, Letter, object?>> computed = (_, letter) => letter.Pages + letter.To.Length;
        foreach (var expression in new[] { direct, computed })
        {
            var argument = new CallArgument(expression.Body, expression.Parameters[0], expression.Parameters[1]);
            Assert.Equal(expression == direct, argument.IsReadDirectly);
            Assert.Equal(expression == direct ? "a" : 2, argument.Evaluate(new Letter("a", "b")));
            Assert.Equal(expression == direct ? "bcd" : 4, argument.Evaluate(new Letter("bcd", "b")));
        }
    }

    private static string Double(string text) => text + text;

    private sealed class Runs
    {
        private int _count;

        public int Next() => ++_count;
    }

    private struct Counter
    {
        public int Value;

        public int Next() => ++Value;
    }
}
