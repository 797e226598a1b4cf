package grading

import "lectern/internal/problem"

// Preview typesets what is being typed into an input of a problem. It reads no
// state and runs no script; see [problem.Definition.Preview]. The error says that
// the problem is broken.
func (s *Service) Preview(at At, inputID, typed string) (problem.Preview, error) {
	def, err := s.definitions.get(at, s.surroundings)
	if err != nil {
		return problem.Preview{}, err
	}
	return def.Preview(inputID, typed), nil
}

// Words returns what learners' answers to a problem say. It reads no state and
// runs no script. The error says that the problem is broken.
func (s *Service) Words(at At) (*problem.Words, error) {
	def, err := s.definitions.get(at, s.surroundings)
	if err != nil {
		return nil, err
	}
	return def.Words(), nil
}
