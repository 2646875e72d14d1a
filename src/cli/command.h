#pragma once
// Commands and their options, as the families describe them. CLI11 is a header-only library that
// costs each file seconds to compile: it stays in the .cc files of this, of Program and of the
// tree.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mlgraph::cli {

/// A handle of one option, flag or positional argument. Each call refines it and answers itself.
/// Lifetime  a pointer: valid while its Program is.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required();
  /// What help, man page and completion call its value ("SECONDS"); some they know (program.h).
  Option type_name(const std::string& name);
  /// Shows what the variable holds now as the default.
  Option capture_default();
  Option one_of(std::vector<std::string> words);
  /// Both bounds are allowed.
  Option in_range(std::uint32_t low, std::uint32_t high);
  Option in_range(double low, double high);
  Option number();
  Option number_or(const std::string& word);
  /// Taken from the environment where the command line does not give it.
  Option environment(const std::string& variable);
  /// One word may hold several values with it between them.
  Option delimiter(char between);
  /// Takes the one word behind it: more values need the option again.
  Option one_value_each();
  /// Refused together with `other`.
  Option excludes(const Option& other);

 private:
  CLI::Option* option_;
};

/// A handle of one command, or of a group of them.
/// Lifetime  a pointer: valid while its Program is. So must be the variables that options set,
///           which the command's action keeps alive.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  /// names  "--option", "-o,--option", "-o"; without a dash the next positional argument's.
  Option add_option(const std::string& names, std::string& value, const std::string& help);
  Option add_option(const std::string& names, std::uint32_t& value, const std::string& help);
  Option add_option(const std::string& names, std::uint64_t& value, const std::string& help);
  Option add_option(const std::string& names, double& value, const std::string& help);
  Option add_option(
      const std::string& names, std::optional<std::string>& value, const std::string& help
  );
  Option add_option(
      const std::string& names, std::optional<std::uint32_t>& value, const std::string& help
  );
  Option add_option(
      const std::string& names, std::optional<std::uint64_t>& value, const std::string& help
  );
  Option add_option(
      const std::string& names, std::optional<double>& value, const std::string& help
  );
  /// Takes any number of values.
  Option add_option(
      const std::string& names, std::vector<std::string>& values, const std::string& help
  );
  Option add_flag(const std::string& names, bool& given, const std::string& help);

  /// A command below it that was added before.
  [[nodiscard]] Command below(const std::string& name) const;
  /// Takes words that it does not know, and leaves them alone.
  void allow_unknown();
  /// In no list of commands.
  void hide();

  /// For the files that include CLI11.
  [[nodiscard]] CLI::App* app() const { return app_; }

 private:
  CLI::App* app_;
};

}  // namespace mlgraph::cli
