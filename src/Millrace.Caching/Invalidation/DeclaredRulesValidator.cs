using Microsoft.Extensions.Options;

namespace Millrace.Caching.Invalidation;

/// <summary>Stops the start where a rule of the configuration cannot work.</summary>
internal sealed class DeclaredRulesValidator : IValidateOptions<DeclaredRules>
{
    public ValidateOptionsResult Validate(string? name, DeclaredRules options) =>
        options.Failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Failures);
}
